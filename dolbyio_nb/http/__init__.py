"""How anything is asked: sessions, retry, limits, error responses, redaction."""
