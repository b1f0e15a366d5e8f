package descriptor

import "reflect"

// clone copies plain data deeply: structs, pointers, slices, maps and what
// they hold. Nil and empty stay what they are.
func clone[T any](v T) T {
	return copyOf(reflect.ValueOf(&v).Elem()).Interface().(T)
}

func copyOf(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			p := reflect.New(v.Type().Elem())
			p.Elem().Set(copyOf(v.Elem()))
			return p
		}
	case reflect.Struct:
		s := reflect.New(v.Type()).Elem()
		for i := range v.NumField() {
			s.Field(i).Set(copyOf(v.Field(i)))
		}
		return s
	case reflect.Slice:
		if !v.IsNil() {
			s := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			for i := range v.Len() {
				s.Index(i).Set(copyOf(v.Index(i)))
			}
			return s
		}
	case reflect.Map:
		if !v.IsNil() {
			m := reflect.MakeMapWithSize(v.Type(), v.Len())
			for k, e := range v.Seq2() {
				m.SetMapIndex(k, copyOf(e))
			}
			return m
		}
	}
	return v
}
