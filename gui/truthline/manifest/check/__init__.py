"""What is wrong with a line or a dataset, told before the service tells it: rules, explanations, fixes."""
