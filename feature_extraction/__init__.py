"""Raw recordings to feature arrays and back, on NumPy alone."""
