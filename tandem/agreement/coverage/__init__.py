"""Who is reachable when: the exact sweep behind ``check``'s proof that somebody answers at every minute. Pure."""
