package handshake

// Remember bounds how many finished handshakes h remembers.
func (h *Handshakes) Remember(limit int) { h.used.max = limit }
