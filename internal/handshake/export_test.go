package handshake

// Remember bounds how many finished handshakes h remembers.
func (h *Handshakes) Remember(limit int) { h.used.max = limit }

// Remembered counts what is kept of them.
func (h *Handshakes) Remembered() int { return len(h.used.known) + len(h.used.ends) }
