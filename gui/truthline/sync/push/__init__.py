"""Push: the plan of batches, the batches sent, halved and read back, and a broken-off push resumed."""
