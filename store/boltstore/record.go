package boltstore

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/atlassian-connect-go/sdk/internal/seal"
	"github.com/atlassian-connect-go/sdk/store"
)

const (
	// maxClientKey keeps a key of the index well below bbolt's limit.
	maxClientKey = 16 << 10
	// maxRecord is far above what the 64 KiB of an installed event can make.
	maxRecord = 1 << 20

	recordKind = "installation"
)

// record is the stored form of an installation. Its client key is the key it
// is stored under. Secrets are sealed; Extra holds JSON as text, because the
// bytes must come back as they were.
type record struct {
	Key             string            `json:"key,omitempty"`
	OAuthClientID   string            `json:"oauthClientId,omitempty"`
	PublicKey       string            `json:"publicKey,omitempty"`
	SharedSecret    []byte            `json:"sharedSecret,omitempty"`
	ServerVersion   string            `json:"serverVersion,omitempty"`
	PluginsVersion  string            `json:"pluginsVersion,omitempty"`
	BaseURL         string            `json:"baseUrl,omitempty"`
	DisplayURL      string            `json:"displayUrl,omitempty"`
	HelpCenterURL   string            `json:"displayUrlServicedeskHelpCenter,omitempty"`
	ProductType     string            `json:"productType,omitempty"`
	Description     string            `json:"description,omitempty"`
	SEN             string            `json:"serviceEntitlementNumber,omitempty"`
	EntitlementID   string            `json:"entitlementId,omitempty"`
	EntitlementNo   string            `json:"entitlementNumber,omitempty"`
	InstallationID  string            `json:"installationId,omitempty"`
	EventType       string            `json:"eventType,omitempty"`
	AccountID       string            `json:"accountId,omitempty"`
	CloudID         string            `json:"cloudId,omitempty"`
	CapabilitySet   string            `json:"capabilitySet,omitempty"`
	Extra           map[string]string `json:"extra,omitempty"`
	State           string            `json:"state,omitempty"`
	SignedEventIAT  time.Time         `json:"signedEventIat,omitzero"`
	NoticeIAT       time.Time         `json:"noticeIat,omitzero"`
	InstallDigest   string            `json:"installDigest,omitempty"`
	PreviousSecret  []byte            `json:"previousSecret,omitempty"`
	RotatedAt       time.Time         `json:"rotatedAt,omitzero"`
	RotatedIAT      time.Time         `json:"rotatedIat,omitzero"`
	PreviousUntil   time.Time         `json:"previousSecretUntil,omitzero"`
	Generation      uint64            `json:"generation"`
	CreatedAt       time.Time         `json:"createdAt,omitzero"`
	UpdatedAt       time.Time         `json:"updatedAt,omitzero"`
	InstalledAt     time.Time         `json:"installedAt,omitzero"`
	UninstalledTime time.Time         `json:"uninstalledAt,omitzero"`
}

// ring is the keys of an open file, with what they make of its values.
type ring struct{ *seal.Ring }

func newRing(o Options) (*ring, error) {
	r, err := seal.NewRing(seal.Config{Keys: o.Keys, InsecureNoEncryption: o.InsecureNoEncryption})
	if err != nil {
		return nil, fmt.Errorf("boltstore: %w", err)
	}
	return &ring{r}, nil
}

// encode returns the value to be stored for inst under its client key, and
// the tag in it.
func (r *ring) encode(inst *store.Installation) ([]byte, seal.Tag, error) {
	rec := toRecord(inst)
	rec.SharedSecret = sealSecret(r.First(), inst, "sharedSecret", inst.SharedSecret)
	rec.PreviousSecret = sealSecret(r.First(), inst, "previousSecret", inst.PreviousSecret)
	body, err := json.Marshal(rec) // fails for text that is not valid UTF-8
	if err != nil {
		return nil, seal.Tag{}, fmt.Errorf("boltstore: installation %q cannot be stored: %w", inst.ClientKey, err)
	}
	value, t := r.Pack(recordKind, inst.ClientKey, body)
	if len(value) > maxRecord {
		return nil, seal.Tag{}, fmt.Errorf("boltstore: installation %q takes %d bytes, more than %d", inst.ClientKey, len(value), maxRecord)
	}
	return value, t, nil
}

// decode returns the installation that encode made value of, and the tag.
func (r *ring) decode(clientKey string, value []byte) (*store.Installation, seal.Tag, error) {
	body, s, t, err := r.Unpack(recordKind, clientKey, value)
	if err != nil {
		return nil, seal.Tag{}, err
	}
	var rec record
	if err := json.Unmarshal(body, &rec, json.RejectUnknownMembers(true)); err != nil {
		return nil, seal.Tag{}, fmt.Errorf("%w: a stored installation does not parse: %v", ErrDamaged, err)
	}
	inst := rec.installation(clientKey)
	if inst.SharedSecret, err = openSecret(s, inst, "sharedSecret", rec.SharedSecret); err != nil {
		return nil, seal.Tag{}, err
	}
	if inst.PreviousSecret, err = openSecret(s, inst, "previousSecret", rec.PreviousSecret); err != nil {
		return nil, seal.Tag{}, err
	}
	return inst, t, nil
}

// sealSecret seals a secret for one field of one generation of one record.
func sealSecret(s *seal.Sealer, inst *store.Installation, field string, secret store.Secret) []byte {
	if secret.IsZero() {
		return nil
	}
	return s.Seal([]byte(secret.Reveal()), place(inst, field)...)
}

// openSecret undoes sealSecret.
func openSecret(s *seal.Sealer, inst *store.Installation, field string, sealed []byte) (store.Secret, error) {
	if len(sealed) == 0 {
		return store.Secret{}, nil
	}
	text, err := s.Open(sealed, place(inst, field)...)
	if err != nil {
		return store.Secret{}, fmt.Errorf("the %s of an installation: %w", field, err)
	}
	return store.NewSecret(string(text)), nil
}

// place is what a sealed secret is bound to.
func place(inst *store.Installation, field string) []string {
	return []string{inst.Key, inst.ClientKey, field, strconv.FormatUint(inst.Generation, 10)}
}

func toRecord(i *store.Installation) *record {
	r := &record{
		Key: i.Key, OAuthClientID: i.OAuthClientID, PublicKey: i.PublicKey,
		ServerVersion: i.ServerVersion, PluginsVersion: i.PluginsVersion,
		BaseURL: i.BaseURL, DisplayURL: i.DisplayURL, HelpCenterURL: i.DisplayURLServicedeskHelpCenter,
		ProductType: i.ProductType, Description: i.Description,
		SEN: i.ServiceEntitlementNumber, EntitlementID: i.EntitlementID, EntitlementNo: i.EntitlementNumber,
		InstallationID: i.InstallationID, EventType: i.EventType, AccountID: i.AccountID,
		CloudID: i.CloudID, CapabilitySet: i.CapabilitySet,
		State: string(i.State), SignedEventIAT: i.SignedEventIAT.UTC(), NoticeIAT: i.NoticeIAT.UTC(),
		InstallDigest: i.InstallDigest, RotatedAt: i.RotatedAt.UTC(), RotatedIAT: i.RotatedIAT.UTC(), PreviousUntil: i.PreviousSecretUntil.UTC(),
		Generation: i.Generation, CreatedAt: i.CreatedAt.UTC(), UpdatedAt: i.UpdatedAt.UTC(),
		InstalledAt: i.InstalledAt.UTC(), UninstalledTime: i.UninstalledAt.UTC(),
	}
	if len(i.Extra) > 0 {
		r.Extra = make(map[string]string, len(i.Extra))
	}
	for k, v := range i.Extra {
		r.Extra[k] = string(v)
	}
	return r
}

// installation returns everything but the secrets.
func (r *record) installation(clientKey string) *store.Installation {
	i := &store.Installation{
		Key: r.Key, ClientKey: clientKey, OAuthClientID: r.OAuthClientID, PublicKey: r.PublicKey,
		ServerVersion: r.ServerVersion, PluginsVersion: r.PluginsVersion,
		BaseURL: r.BaseURL, DisplayURL: r.DisplayURL, DisplayURLServicedeskHelpCenter: r.HelpCenterURL,
		ProductType: r.ProductType, Description: r.Description,
		ServiceEntitlementNumber: r.SEN, EntitlementID: r.EntitlementID, EntitlementNumber: r.EntitlementNo,
		InstallationID: r.InstallationID, EventType: r.EventType, AccountID: r.AccountID,
		CloudID: r.CloudID, CapabilitySet: r.CapabilitySet,
		State: store.State(r.State), SignedEventIAT: r.SignedEventIAT, NoticeIAT: r.NoticeIAT,
		InstallDigest: r.InstallDigest, RotatedAt: r.RotatedAt, RotatedIAT: r.RotatedIAT, PreviousSecretUntil: r.PreviousUntil,
		Generation: r.Generation, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
		InstalledAt: r.InstalledAt, UninstalledAt: r.UninstalledTime,
	}
	if len(r.Extra) > 0 {
		i.Extra = make(map[string]stdjson.RawMessage, len(r.Extra))
	}
	for k, v := range r.Extra {
		i.Extra[k] = stdjson.RawMessage(v)
	}
	return i
}

// checkClientKey refuses a client key that cannot be stored.
func checkClientKey(clientKey string) error {
	if clientKey == "" {
		return errors.New("boltstore: the client key is empty")
	}
	if len(clientKey) > maxClientKey {
		return fmt.Errorf("boltstore: the client key has %d bytes, more than %d", len(clientKey), maxClientKey)
	}
	return nil
}
