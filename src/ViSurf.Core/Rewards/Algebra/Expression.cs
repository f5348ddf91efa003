using ViSurf.Core.Common;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Rewards.Algebra;

/// <summary>
/// Evaluates formulas such as <c>2x^2+sqrt(3)/2</c>: sums, products (written or implied), quotients, powers, factorials, roots and the usual
/// functions of numbers, pi and variables. Exact in fractions as long as possible.
/// </summary>
internal sealed class Expression
{
    private const int MaximumDepth = 60;

    // Irrational, of both signs, and of different sizes: no identity holds at all of them by accident.
    private static readonly double[] Points = [0.7310585786300049, 1.6487212707001282, -0.4142135623730951, 2.718281828459045, -1.3247179572447460, 0.1234567891011121];

    private readonly string _text;
    private readonly Dictionary<string, double> _variables;
    private readonly double[] _point;
    private int _at, _depth;
    private bool _failed;

    private Expression(string text, Dictionary<string, double> variables, double[] point) => (_text, _variables, _point) = (text, variables, point);

    /// <summary>
    /// Whether both can be read and have the same finite value everywhere. Infinity equals nothing: 1/0^… would be right everywhere.
    /// </summary>
    public static bool AreEqual(string a, string b)
    {
        var compared = 0;
        for (var round = 0; round < Points.Length; round++)
        {
            // Both sides share their variables, in order of appearance; each round moves every variable to another point.
            var variables = new Dictionary<string, double>(StringComparer.Ordinal);
            var points = Enumerable.Range(0, Points.Length).Select(i => Points[(i + round) % Points.Length] + 0.1 * (i / Points.Length)).ToArray();
            if (Evaluate(a, variables, points) is not { } left || Evaluate(b, variables, points) is not { } right) return false;
            if (left.Exact is { } x && right.Exact is { } y && variables.Count == 0) return x == y;
            var (p, q) = (left.Value, right.Value);
            if (double.IsNaN(p) && double.IsNaN(q)) continue;
            if (!Closeness.Within(p, q, 1e-11 * Math.Max(Math.Abs(p), Math.Abs(q)))) return false;
            if (variables.Count == 0) return true;
            compared++;
        }
        return compared >= 3;
    }

    private static Number? Evaluate(string text, Dictionary<string, double> variables, double[] points)
    {
        var reader = new Expression(text, variables, points);
        var value = reader.Sum();
        return reader._failed || reader._at < text.Length ? null : value;
    }

    private char Peek => _at < _text.Length ? _text[_at] : '\0';

    private bool Take(char c)
    {
        if (Peek != c) return false;
        _at++;
        return true;
    }

    private Number Fail()
    {
        _failed = true;
        return default;
    }

    private Number Sum()
    {
        if (++_depth > MaximumDepth) return Fail();
        var sum = Product();
        while (!_failed)
        {
            if (Take('+')) sum = Number.Of(sum, Product(), Fraction.Add, (a, b) => a + b);
            else if (Take('-')) sum = Number.Of(sum, Product(), Fraction.Subtract, (a, b) => a - b);
            else break;
        }
        _depth--;
        return sum;
    }

    private Number Product()
    {
        var product = Signed();
        while (!_failed)
        {
            if (Peek == '*' && !IsPower) _at++;
            else if (Take('/'))
            {
                product = Number.Of(product, Signed(), Fraction.Divide, (a, b) => b == 0 ? double.NaN : a / b);
                continue;
            }
            else if (!(char.IsLetterOrDigit(Peek) || Peek == '(')) break;
            product = Number.Of(product, Signed(), Fraction.Multiply, (a, b) => a * b);
        }
        return product;
    }

    private Number Signed()
    {
        var negative = false;
        while (Peek is '+' or '-')
        {
            negative ^= Peek == '-';
            _at++;
        }
        var value = Power();
        return negative ? Number.Of(Number.Whole(0), value, Fraction.Subtract, (a, b) => a - b) : value;
    }

    private bool IsPower => Peek == '^' || (Peek == '*' && _at + 1 < _text.Length && _text[_at + 1] == '*');

    private Number Power()
    {
        var value = Atom();
        while (Peek == '!')
        {
            _at++;
            value = Factorial(value);
        }
        if (_failed || !IsPower) return value;
        _at += Peek == '^' ? 1 : 2;
        // To the right: 2^3^2 is 2^9.
        if (++_depth > MaximumDepth) return Fail();
        var exponent = Signed();
        _depth--;
        return Number.Of(value, exponent, Fraction.Power, Math.Pow);
    }

    private Number Factorial(Number value)
    {
        if (value.Exact is not { } n || !n.Bottom.IsOne || n.Top < 0 || n.Top > 170) return Fail();
        var product = System.Numerics.BigInteger.One;
        for (var i = 2; i <= (int)n.Top; i++) product *= i;
        return new Number(Fraction.Of(product, 1), (double)product);
    }

    private Number Atom()
    {
        if (Take('('))
        {
            var inside = Sum();
            return Take(')') ? inside : Fail();
        }
        if (char.IsAsciiDigit(Peek) || Peek == '.') return Literal();
        if (!char.IsLetter(Peek)) return Fail();
        var start = _at;
        // A name is letters, then digits and subscripts: x, x1, x_1.
        while (char.IsLetterOrDigit(Peek) || Peek == '_') _at++;
        var name = _text[start.._at];
        if (name == "pi") return new Number(null, Math.PI);
        if (Peek == '(') return Function(name);
        if (!_variables.TryGetValue(name, out var value))
        {
            // More variables than points are no formula that an answer would hold.
            if (_variables.Count == _point.Length) return Fail();
            _variables.Add(name, value = _point[_variables.Count]);
        }
        return new Number(null, value);
    }

    private Number Literal()
    {
        var start = _at;
        while (char.IsAsciiDigit(Peek) || Peek == '.') _at++;
        // An exponent only where digits follow: in "2e" the letter is a variable.
        var exponent = _at + 1;
        if (Peek is 'e' or 'E')
        {
            if (exponent < _text.Length && _text[exponent] is '+' or '-') exponent++;
            if (exponent < _text.Length && char.IsAsciiDigit(_text[exponent]))
            {
                _at = exponent;
                while (char.IsAsciiDigit(Peek)) _at++;
            }
        }
        return NumberText.TryPlain(_text.AsSpan(start, _at - start), out var value) ? new Number(Fraction.Parse(_text.AsSpan(start, _at - start)), value) : Fail();
    }

    private Number Function(string name)
    {
        _at++;
        var argument = Sum();
        if (!Take(')')) return Fail();
        var x = double.IsFinite(argument.Value) ? argument.Value : double.NaN;
        double? value = name switch
        {
            "sqrt" => x < 0 ? double.NaN : Math.Sqrt(x),
            "sin" => Math.Sin(x),
            "cos" => Math.Cos(x),
            "tan" => Math.Tan(x),
            "exp" => Math.Exp(x),
            "log" or "ln" => x <= 0 ? double.NaN : Math.Log(x),
            "abs" => Math.Abs(x),
            _ => null,
        };
        if (value is not { } result) return Fail();
        // A root of a square stays exact: sqrt(4) is 2.
        return name == "sqrt" && Math.Round(result) is var root && argument.Exact is { } exact && root < 1e9 && exact == Number.Whole(root * root).Exact ? Number.Whole(root) : new Number(null, result);
    }

    /// <summary>A value, and the fraction it is where that is known.</summary>
    private readonly record struct Number(Fraction? Exact, double Value)
    {
        public static Number Whole(double value) => new(Fraction.Of(new System.Numerics.BigInteger(value), 1), value);

        public static Number Of(Number a, Number b, Func<Fraction, Fraction, Fraction?> exact, Func<double, double, double> value)
        {
            Fraction? result = a.Exact is { } x && b.Exact is { } y ? exact(x, y) : null;
            // Nothing is computed with infinity: 0^(1/0) and 5/9^9^9^9 are no zeros.
            return new Number(result,
                result?.ToDouble() ?? (double.IsFinite(a.Value) && double.IsFinite(b.Value) ? value(a.Value, b.Value) : double.NaN));
        }
    }
}
