package pricing

// columnList is the columns of a file, in the order in which they are written.
var columnList = []struct {
	name  string
	field func(*Row) *string
}{
	{"provider", func(r *Row) *string { return &r.Provider }},
	{"model", func(r *Row) *string { return &r.Model }},
	{"match", func(r *Row) *string { return &r.Match }},
	{"from", func(r *Row) *string { return &r.From }},
	{"until", func(r *Row) *string { return &r.Until }},
	{"when", func(r *Row) *string { return &r.When }},
	{"tier", func(r *Row) *string { return &r.Tier }},
	{"above", func(r *Row) *string { return &r.Above }},
	{"input", func(r *Row) *string { return &r.Input }},
	{"cached_input", func(r *Row) *string { return &r.CachedInput }},
	{"cache_write", func(r *Row) *string { return &r.CacheWrite }},
	{"cache_write_long", func(r *Row) *string { return &r.CacheWriteLong }},
	{"output", func(r *Row) *string { return &r.Output }},
	{"audio_input", func(r *Row) *string { return &r.AudioInput }},
	{"cached_audio", func(r *Row) *string { return &r.CachedAudio }},
	{"audio_output", func(r *Row) *string { return &r.AudioOutput }},
	{"image_input", func(r *Row) *string { return &r.ImageInput }},
	{"cached_image", func(r *Row) *string { return &r.CachedImage }},
	{"image_output", func(r *Row) *string { return &r.ImageOutput }},
	{"search_per_1k", func(r *Row) *string { return &r.SearchPer1k }},
	{"region_factor", func(r *Row) *string { return &r.RegionFactor }},
	{"characters", func(r *Row) *string { return &r.Characters }},
	{"audio_hour", func(r *Row) *string { return &r.AudioHour }},
	{"image", func(r *Row) *string { return &r.Image }},
	{"source", func(r *Row) *string { return &r.Source }},
	{"note", func(r *Row) *string { return &r.Note }},
}

var columns = func() map[string]func(*Row) *string {
	m := make(map[string]func(*Row) *string, len(columnList))
	for _, c := range columnList {
		m[c.name] = c.field
	}
	return m
}()

// Columns is the header line of a file of rows.
func Columns() []string {
	names := make([]string, len(columnList))
	for i, c := range columnList {
		names[i] = c.name
	}
	return names
}

// Record is a row as a line of a file.
func (r Row) Record() []string {
	line := make([]string, len(columnList))
	for i, c := range columnList {
		line[i] = *c.field(&r)
	}
	return line
}
