"""How true a generated film is: mouth, Action Units, likeness and flicker, measured on its pixels alone."""
