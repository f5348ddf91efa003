using System.Globalization;
using System.Numerics;

namespace ViSurf.Core.Rewards.Algebra;

/// <summary>An exact fraction in lowest terms. Operations give null where the result is no fraction or has grown past any answer's size.</summary>
internal readonly record struct Fraction
{
    private const int MaximumBits = 4096, MaximumExponent = 999;

    private Fraction(BigInteger top, BigInteger bottom) => (Top, Bottom) = (top, bottom);

    public BigInteger Top { get; }

    public BigInteger Bottom { get; }

    public static Fraction? Of(BigInteger top, BigInteger bottom)
    {
        if (bottom.IsZero || top.GetBitLength() > MaximumBits || bottom.GetBitLength() > MaximumBits) return null;
        var common = BigInteger.GreatestCommonDivisor(top, bottom) * bottom.Sign;
        return new Fraction(top / common, bottom / common);
    }

    /// <summary>A decimal such as "12.5e3", exactly.</summary>
    public static Fraction? Parse(ReadOnlySpan<char> text)
    {
        var e = text.IndexOfAny('e', 'E');
        var exponent = 0;
        if (e >= 0 && (!int.TryParse(text[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent) || Math.Abs(exponent) > MaximumExponent)) return null;
        var digits = e < 0 ? text : text[..e];
        var point = digits.IndexOf('.');
        var places = point < 0 ? 0 : digits.Length - point - 1;
        if (!BigInteger.TryParse(point < 0 ? digits : string.Concat(digits[..point], digits[(point + 1)..]), NumberStyles.None, CultureInfo.InvariantCulture, out var value)) return null;
        var power = exponent - places;
        return power >= 0 ? Of(value * BigInteger.Pow(10, power), 1) : Of(value, BigInteger.Pow(10, -power));
    }

    public static Fraction? Add(Fraction a, Fraction b) => Of(a.Top * b.Bottom + b.Top * a.Bottom, a.Bottom * b.Bottom);

    public static Fraction? Subtract(Fraction a, Fraction b) => Of(a.Top * b.Bottom - b.Top * a.Bottom, a.Bottom * b.Bottom);

    public static Fraction? Multiply(Fraction a, Fraction b) => Of(a.Top * b.Top, a.Bottom * b.Bottom);

    public static Fraction? Divide(Fraction a, Fraction b) => Of(a.Top * b.Bottom, a.Bottom * b.Top);

    public static Fraction? Power(Fraction a, Fraction b)
    {
        if (!b.Bottom.IsOne || BigInteger.Abs(b.Top) > MaximumExponent) return null;
        var n = (int)BigInteger.Abs(b.Top);
        if (Math.Max(a.Top.GetBitLength(), a.Bottom.GetBitLength()) * n > MaximumBits) return null;
        var (top, bottom) = (BigInteger.Pow(a.Top, n), BigInteger.Pow(a.Bottom, n));
        return b.Top.Sign < 0 ? Of(bottom, top) : Of(top, bottom);
    }

    public double ToDouble() => (double)Top / (double)Bottom is var value && double.IsFinite(value) ? value : Math.Exp(BigInteger.Log(BigInteger.Abs(Top)) - BigInteger.Log(Bottom)) * Top.Sign;
}
