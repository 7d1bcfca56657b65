"""Models on slides: a region of any size read cell by cell, in bounded memory, and put together again."""
