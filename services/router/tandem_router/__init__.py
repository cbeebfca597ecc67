"""Router, the only writer of incidents: alerts and commands come in, facts go out."""
