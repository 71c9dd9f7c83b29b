"""What every room uses, and no user imports: paths, checks, texts, SQL, retries, embeddings, models."""
