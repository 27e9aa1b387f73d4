"""Files in, rows out: pictures, folders, archives and videos, and what is written of them."""
