"""Networks: named numbers in, tensors out. They never see the options."""
