"""What is learnt from and measured on: labelled plates, and endless batches of rendered ones."""
