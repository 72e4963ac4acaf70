"""How clients prove who they are; nothing of REST framework here."""
