using System.Numerics;
using System.Runtime.CompilerServices;

namespace ViSurf.Core.Common;

/// <summary>Argument checks whose messages quote the argument's own text and value.</summary>
public static class Guard
{
    /// <summary>Returns <paramref name="value"/> when it is not null.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="value"/> is null.</exception>
    public static T NotNull<T>(T? value, [CallerArgumentExpression(nameof(value))] string? name = null)
        where T : class
        => value ?? throw new ArgumentNullException(name);

    /// <summary>Returns <paramref name="value"/> when it has at least one visible character.</summary>
    /// <exception cref="ArgumentException"><paramref name="value"/> is null, empty or blank.</exception>
    public static string NotBlank(string? value, [CallerArgumentExpression(nameof(value))] string? name = null)
        => string.IsNullOrWhiteSpace(value)
            ? throw new ArgumentException($"Expected {name} to be a non-blank text, got {(value is null ? "null" : $"'{value}'")}.", name)
            : value;

    /// <summary>Returns <paramref name="value"/> when it lies in [<paramref name="low"/>, <paramref name="high"/>].</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="value"/> is outside, or not a number.</exception>
    public static T InRange<T>(T value, T low, T high, [CallerArgumentExpression(nameof(value))] string? name = null)
        where T : INumber<T>
        => value >= low && value <= high
            ? value
            : throw new ArgumentOutOfRangeException(name, value, $"Expected {name} in [{low}, {high}], got {value}.");

    /// <summary>Returns <paramref name="value"/> when it is greater than zero.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="value"/> is zero, negative or not a number.</exception>
    public static T Positive<T>(T value, [CallerArgumentExpression(nameof(value))] string? name = null)
        where T : INumber<T>
        => value > T.Zero
            ? value
            : throw new ArgumentOutOfRangeException(name, value, $"Expected {name} > 0, got {value}.");

    /// <summary>Returns <paramref name="value"/> when it is a number and not infinite.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="value"/> is infinite or not a number.</exception>
    public static double Finite(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
        => double.IsFinite(value) ? value
            : throw new ArgumentOutOfRangeException(name, value, $"Expected {name} to be finite, got {value}.");

    /// <summary>Returns <paramref name="value"/> when it is zero or more.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="value"/> is negative or not a number.</exception>
    public static T NotNegative<T>(T value, [CallerArgumentExpression(nameof(value))] string? name = null)
        where T : INumber<T>
        => value >= T.Zero
            ? value
            : throw new ArgumentOutOfRangeException(name, value, $"Expected {name} >= 0, got {value}.");
}
