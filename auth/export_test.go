package auth

import (
	"context"
	"time"
)

// SetWait replaces how k waits for a turn.
func SetWait(k *KeyServer, wait func(context.Context, time.Duration) error) { k.turns.wait = wait }
