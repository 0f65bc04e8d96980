"""What stands around the image: labels, boxes, problems, the line, the dataset bar."""
