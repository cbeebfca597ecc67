"""What the API takes and gives, as models, a file per noun of the routes; ``docs/openapi.json`` is made of them."""
