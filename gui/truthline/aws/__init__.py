"""The only room that speaks to AWS: Rekognition, S3, signing in, and what their errors mean."""
