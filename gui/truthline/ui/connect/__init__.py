"""Who signs in to AWS, with which profile, and where: questions and what became of them."""
