"""Where corpora live, and what makes or downloads them."""
