"""Films: their faces keep numbers, their confidences are averaged over time and added up."""
