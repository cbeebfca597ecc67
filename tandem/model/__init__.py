"""Pure nouns that two services exchange: alert, incident, priority, ownership, facts, calendar."""
