"""Layer `acting`: the Direction (acting notes as plain data) and its dense tracks. No torch."""
