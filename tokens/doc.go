package tokens
