"""Operations: each file adds one (see `desktop_app.operation`)."""
