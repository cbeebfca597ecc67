-- At the first start of the database's container: the login that Tandem uses. It owns the database and makes Tandem's
-- roles; it is no superuser, and no service ever works as it (tandem/db/roles.py).
\set ON_ERROR_STOP on
\set password `cat /run/tandem/database.password`
create role tandem login createrole password :'password';
create database tandem owner tandem;
