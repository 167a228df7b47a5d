"""Mail: an outbox in rows, filled in the transaction of what a mail tells about, and a loop that hands
its mails to a mail server one by one. What is told to whom is decided elsewhere."""
