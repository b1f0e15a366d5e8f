package devhost

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// canonicalField maps the names a field goes by to one of them.
func canonicalField(name string) (string, bool) {
	switch f := strings.ToLower(name); f {
	case "project", "status", "assignee", "reporter", "creator", "priority", "labels", "resolution",
		"summary", "description", "comment", "text", "created", "updated", "id":
		return f, true
	case "statuscategory":
		return "statuscategory", true
	case "key", "issuekey", "issue":
		return "key", true
	case "issuetype", "type":
		return "issuetype", true
	case "createddate":
		return "created", true
	case "updateddate":
		return "updated", true
	}
	return "", false
}

func isDateField(field string) bool { return field == "created" || field == "updated" }

func isTextField(field string) bool {
	return field == "summary" || field == "description" || field == "comment" || field == "text"
}

func fieldOperators(field string) []string {
	switch {
	case isDateField(field):
		return []string{"=", "!=", "<", "<=", ">", ">="}
	case isTextField(field):
		return []string{"~", "!~", "is", "is not"}
	}
	return []string{"=", "!=", "in", "not in", "is", "is not"}
}

// jqlView is what a query is evaluated against, besides the issue.
type jqlView struct {
	now      time.Time
	caller   string // for currentUser(); empty for nobody
	users    []User
	projects []project

	dataCenter bool // users go by their names too
}

// view takes what queries need to know of the site.
func (j *jira) view(accountID string) *jqlView {
	j.mu.Lock()
	defer j.mu.Unlock()
	return &jqlView{
		now: j.now(), caller: accountID, users: slices.Clone(j.users), projects: slices.Clone(j.projects),
		dataCenter: j.dataCenter,
	}
}

func (q *jqlQuery) matches(i *Issue, v *jqlView) bool { return q.where == nil || q.where.holds(i, v) }

// check finds values that do not exist on the site.
func (q *jqlQuery) check(v *jqlView) error {
	if q.where == nil {
		return nil
	}
	return q.where.check(v)
}

func (c both) holds(i *Issue, v *jqlView) bool    { return c.a.holds(i, v) && c.b.holds(i, v) }
func (c either) holds(i *Issue, v *jqlView) bool  { return c.a.holds(i, v) || c.b.holds(i, v) }
func (c negated) holds(i *Issue, v *jqlView) bool { return !c.c.holds(i, v) }

func (c both) check(v *jqlView) error    { return cmp.Or(c.a.check(v), c.b.check(v)) }
func (c either) check(v *jqlView) error  { return cmp.Or(c.a.check(v), c.b.check(v)) }
func (c negated) check(v *jqlView) error { return c.c.check(v) }

func (c clause) check(v *jqlView) error {
	for _, o := range c.values {
		if o.isEmpty() {
			continue
		}
		if isDateField(c.field) {
			if _, err := v.date(o); err != nil {
				return err
			}
			continue
		}
		if isTextField(c.field) && !o.function {
			continue
		}
		if _, err := v.resolve(c.field, o); err != nil {
			return err
		}
	}
	return nil
}

func (c clause) holds(i *Issue, v *jqlView) bool {
	switch {
	case isDateField(c.field):
		return c.dateHolds(i, v)
	case isTextField(c.field):
		return c.textHolds(i)
	}
	have := v.fieldValues(c.field, i)
	found := slices.ContainsFunc(c.values, func(o operand) bool { return v.hasValue(c.field, have, o) })
	switch c.op {
	case "=", "in", "is":
		return found
	case "is not":
		return !found
	}
	// An issue without a value is in no "!=" and no "not in", as in Jira.
	return len(have) > 0 && !found
}

func (v *jqlView) hasValue(field string, have []string, o operand) bool {
	if o.isEmpty() {
		return len(have) == 0
	}
	want, err := v.resolve(field, o)
	return err == nil && slices.Contains(have, want)
}

// fieldValues are the values of an issue as resolve names them; none when the
// field is empty.
func (v *jqlView) fieldValues(field string, i *Issue) []string {
	var one string
	switch field {
	case "project":
		one = i.projectKey()
	case "status":
		one = i.Status
	case "statuscategory":
		one = categories[slices.Index(statuses, i.Status)]
	case "assignee":
		one = i.Assignee
	case "reporter":
		one = i.Reporter
	case "creator":
		one = i.Creator
	case "priority":
		one = i.Priority
	case "issuetype":
		one = i.Type
	case "key":
		one = i.Key
	case "id":
		one = i.ID
	case "labels":
		return i.Labels
	case "resolution":
		if i.Status == "Done" {
			one = "Done"
		}
	}
	if one == "" {
		return nil
	}
	return []string{one}
}

// resolve turns the right side of a clause into the value fieldValues would
// give, or says that there is no such thing.
func (v *jqlView) resolve(field string, o operand) (string, error) {
	if o.function {
		if o.text == "currentuser" && (field == "assignee" || field == "reporter" || field == "creator") {
			return v.caller, nil
		}
		return "", wordsf("Unable to find JQL function '%s()' for the field '%s'.", o.text, field)
	}
	value, ok := v.lookup(field, o.text)
	if !ok {
		return "", wordsf("The value '%s' does not exist for the field '%s'.", o.text, field)
	}
	return value, nil
}

func (v *jqlView) lookup(field, text string) (string, bool) {
	switch field {
	case "project":
		i := slices.IndexFunc(v.projects, func(p project) bool {
			return p.id == text || strings.EqualFold(p.key, text) || strings.EqualFold(p.name, text)
		})
		if i < 0 {
			return "", false
		}
		return v.projects[i].key, true
	case "status":
		return named(statuses, text, 10001)
	case "issuetype":
		return named(issueTypes, text, 10001)
	case "priority":
		return named(priorities, text, 1)
	case "statuscategory":
		return lookupCategory(text)
	case "assignee", "reporter", "creator":
		i := slices.IndexFunc(v.users, func(u User) bool {
			return u.AccountID == text || strings.EqualFold(u.DisplayName, text) || v.dataCenter && strings.EqualFold(u.Username, text)
		})
		if i < 0 {
			return "", false
		}
		return v.users[i].AccountID, true
	case "key":
		return strings.ToUpper(text), issueKey.MatchString(strings.ToUpper(text))
	case "resolution":
		return "Done", strings.EqualFold(text, "done")
	}
	return text, true
}

func lookupCategory(text string) (string, bool) {
	for n, c := range categories {
		if strings.EqualFold(text, c) || strings.EqualFold(text, statuses[n]) || text == strconv.Itoa(n+2) {
			return c, true
		}
	}
	return "", false
}

func named(list []string, text string, first int) (string, bool) {
	for n, name := range list {
		if strings.EqualFold(name, text) || text == strconv.Itoa(first+n) {
			return name, true
		}
	}
	return "", false
}

func (c clause) dateHolds(i *Issue, v *jqlView) bool {
	have := i.Updated
	if c.field == "created" {
		have = i.Created
	}
	want, err := v.date(c.values[0])
	if err != nil {
		return false
	}
	// Jira compares dates by the minute.
	order := have.Truncate(time.Minute).Compare(want.Truncate(time.Minute))
	switch c.op {
	case "=":
		return order == 0
	case "!=":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

var relativeDate = regexp.MustCompile(`^([+-]?)((?:\d{1,6}[yMwdhm]\s*)+)$`)

var relativePart = regexp.MustCompile(`(\d+)([yMwdhm])`)

// date reads a point in time: relative to now ("-30d", "-1w 2d"), absolute
// ("2026-01-31", "2026/01/31 10:30"), or by a function.
func (v *jqlView) date(o operand) (time.Time, error) {
	if o.function {
		return v.dateFunction(o)
	}
	if t, ok := shift(v.now, o.text); ok {
		return t, nil
	}
	for _, layout := range []string{"2006-01-02", "2006/01/02", "2006-01-02 15:04", "2006/01/02 15:04"} {
		if t, err := time.Parse(layout, o.text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, wordsf("Date value '%s' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.", o.text)
}

func (v *jqlView) dateFunction(o operand) (time.Time, error) {
	var t time.Time
	now := v.now.UTC()
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	switch o.text {
	case "now":
		t = now
	case "startofday":
		t = midnight
	case "endofday":
		t = midnight.AddDate(0, 0, 1).Add(-time.Minute)
	case "startofweek":
		t = midnight.AddDate(0, 0, -int(midnight.Weekday()))
	case "startofmonth":
		t = time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	case "startofyear":
		t = time.Date(now.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	default:
		return time.Time{}, wordsf("Unable to find JQL function '%s()'.", o.text)
	}
	if len(o.args) == 0 {
		return t, nil
	}
	shifted, ok := shift(t, o.args[0])
	if !ok {
		return time.Time{}, wordsf("The argument '%s' of '%s()' is no period.", o.args[0], o.text)
	}
	return shifted, nil
}

func shift(t time.Time, period string) (time.Time, bool) {
	m := relativeDate.FindStringSubmatch(period)
	if m == nil {
		return time.Time{}, false
	}
	sign := 1
	if m[1] == "-" {
		sign = -1
	}
	for _, part := range relativePart.FindAllStringSubmatch(m[2], -1) {
		n, _ := strconv.Atoi(part[1]) // at most six digits
		n *= sign
		switch part[2] {
		case "y":
			t = t.AddDate(n, 0, 0)
		case "M":
			t = t.AddDate(0, n, 0)
		case "w":
			t = t.AddDate(0, 0, 7*n)
		case "d":
			t = t.AddDate(0, 0, n)
		case "h":
			t = t.Add(time.Duration(n) * time.Hour)
		case "m":
			t = t.Add(time.Duration(n) * time.Minute)
		}
	}
	return t, true
}

func (c clause) textHolds(i *Issue) bool {
	text := fieldText(c.field, i)
	switch c.op {
	case "is":
		return text == ""
	case "is not":
		return text != ""
	case "~":
		return containsWords(text, c.values[0].text)
	}
	return text != "" && !containsWords(text, c.values[0].text)
}

func fieldText(field string, i *Issue) string {
	var parts []string
	if field == "summary" || field == "text" {
		parts = append(parts, i.Summary)
	}
	if field == "description" || field == "text" {
		parts = append(parts, documentText(i.Description))
	}
	if field == "comment" || field == "text" {
		for _, c := range i.Comments {
			parts = append(parts, documentText(c.Body))
		}
	}
	return strings.TrimSpace(strings.Join(parts, "\n"))
}

// containsWords reports whether every word of want is in text; a star at the end
// of a word matches any ending.
func containsWords(text, want string) bool {
	have := words(text)
	for _, w := range strings.Fields(strings.ToLower(want)) {
		stem, open := strings.CutSuffix(strings.Trim(w, `"`), "*")
		for _, part := range words(stem) {
			if !slices.ContainsFunc(have, func(h string) bool { return h == part || open && strings.HasPrefix(h, part) }) {
				return false
			}
		}
	}
	return true
}

func words(text string) []string {
	return regexp.MustCompile(`[\pL\pN]+`).FindAllString(strings.ToLower(text), -1)
}

// sort orders issues as the query says; without an order, newest first.
func (q *jqlQuery) sort(issues []Issue) {
	terms := q.order
	if len(terms) == 0 {
		terms = []orderTerm{{field: "created", desc: true}}
	}
	slices.SortStableFunc(issues, func(a, b Issue) int {
		for _, t := range terms {
			n := compareField(t.field, &a, &b)
			if t.desc {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		return compareField("key", &a, &b)
	})
}

func compareField(field string, a, b *Issue) int {
	switch field {
	case "created":
		return a.Created.Compare(b.Created)
	case "updated":
		return a.Updated.Compare(b.Updated)
	case "key", "id":
		return cmp.Or(strings.Compare(a.projectKey(), b.projectKey()), cmp.Compare(a.number(), b.number()))
	case "status", "statuscategory", "resolution":
		return cmp.Compare(slices.Index(statuses, a.Status), slices.Index(statuses, b.Status))
	case "priority":
		return cmp.Compare(slices.Index(priorities, b.Priority), slices.Index(priorities, a.Priority))
	case "summary", "text":
		return strings.Compare(strings.ToLower(a.Summary), strings.ToLower(b.Summary))
	}
	v := &jqlView{}
	return slices.Compare(v.fieldValues(field, a), v.fieldValues(field, b))
}
