"""Who is on call when, as schedules say: rotations, weekly restrictions, overrides, absences (domain.md 3.2). Pure."""
