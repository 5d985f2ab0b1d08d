"""What is left of a model on spoiled pictures, and what it says where there is no face."""
