package caddyfile

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/ccload/ccload/config"
)

// Values is an option with arguments and no block. The error of read is what is
// wrong with them, without the name of the option.
func Values(read func(args []string) error) Row {
	return Row{read: func(d *caddyfile.Dispenser) error { return read(d.RemainingArgs()) }}
}

// Value is an option with one argument.
func Value(read func(arg string) error) Row {
	return Values(func(args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("takes one value, not %d", len(args))
		}
		return read(args[0])
	})
}

// Text is an option with one argument, whatever it is.
func Text(p *string) Row {
	return Value(func(arg string) error {
		*p = arg
		return nil
	})
}

// Words is an option with one or more arguments, which may be repeated to add
// more.
func Words(p *[]string) Row {
	return Values(func(args []string) error {
		if len(args) == 0 {
			return errNoValue
		}
		*p = append(*p, args...)
		return nil
	}).Many()
}

var errNoValue = errors.New("takes one value or more, and has none")

// Flag is an option without arguments that switches something on.
func Flag(p *bool) Row {
	return Values(func(args []string) error {
		if len(args) > 0 {
			return errors.New("takes no value: it is on where it is written")
		}
		*p = true
		return nil
	})
}

// Int is an option with a whole number from low to high.
func Int(p *int, low, high int) Row { return number(low, high, func(n int) { *p = n }) }

// IntOrZero is an Int of which 0 is something else than nothing.
func IntOrZero(p **int, low, high int) Row { return number(low, high, func(n int) { *p = &n }) }

func number(low, high int, set func(int)) Row {
	return Value(func(arg string) error {
		n, err := strconv.Atoi(arg)
		if err != nil || n < low || n > high {
			return wrong(show(err != nil, arg), config.RangeProblem(low, high))
		}
		set(n)
		return nil
	})
}

// show quotes a value that is not of the form it should have.
func show(odd bool, arg string) string {
	if odd {
		return strconv.Quote(arg)
	}
	return arg
}

// Duration is an option with a duration, or off, which is 0.
func Duration(p **config.Duration) Row {
	return Value(func(arg string) error { return readDuration(p, arg) })
}

func readDuration(p **config.Duration, arg string) error {
	d, err := config.ReadDuration(arg)
	if err == nil {
		*p = &d
	}
	return err
}

// wrong is a problem with a value, shown as it is to be shown.
func wrong(value, problem string) error { return &config.Error{Value: value, Problem: problem} }

// Size is an option with a number of bytes from 1.
func Size(p *int64) Row {
	return Value(func(arg string) error {
		n, err := config.ParseSize(arg)
		if err != nil {
			return err
		}
		if n == 0 {
			return wrong(arg, "must be 1 byte or more, as in 64MiB")
		}
		*p = n
		return nil
	})
}

// USD is an option with an amount of US dollars.
func USD(p *float64) Row {
	return Value(func(arg string) error {
		usd, err := config.ParseUSD(arg)
		if err == nil {
			*p = usd
		}
		return err
	})
}

// Budget is an option with amounts for periods, as in 5/day 100/month.
func Budget(p *config.Budget) Row {
	return Values(func(args []string) error {
		if len(args) == 0 {
			return errors.New("takes US dollars for a period, as in 5/day 100/month 500/total")
		}
		for _, arg := range args {
			if err := p.ParseBudget(arg); err != nil {
				return err
			}
		}
		return nil
	}).Many()
}

// multiplier is an option with a factor of the price.
func multiplier(p **float64) Row {
	return Value(func(arg string) error {
		f, err := strconv.ParseFloat(arg, 64)
		if err != nil || !(f >= 0 && f <= config.MaxCostMultiplier) {
			return wrong(strconv.Quote(arg), config.RangeProblem(0, config.MaxCostMultiplier)+", as in 0.3")
		}
		*p = &f
		return nil
	})
}

// TextOr is an option with one argument or none, which stands for usual.
func TextOr(p *string, usual string) Row {
	return Values(func(args []string) error {
		switch len(args) {
		case 0:
			*p = usual
		case 1:
			*p = args[0]
		default:
			return errors.New("takes one value at most")
		}
		return nil
	})
}
