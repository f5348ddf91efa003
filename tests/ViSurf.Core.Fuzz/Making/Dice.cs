using System.Security.Cryptography;

namespace ViSurf.Core.Fuzz.Making;

/// <summary>Random choices of one input, a pure function of (seed, surface, index) on every machine.</summary>
internal sealed class Dice(long seed, string surface, long index)
{
    private readonly Random _random = new(Seed(seed, surface, index));

    /// <summary>From 0 up to, and without, <paramref name="sides"/>.</summary>
    public int Below(int sides) => _random.Next(sides);

    public long Long() => _random.NextInt64(long.MinValue, long.MaxValue);

    public byte Byte() => (byte)_random.Next(256);

    public byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>True once in <paramref name="times"/>.</summary>
    public bool Once(int times) => _random.Next(times) == 0;

    public T Of<T>(IReadOnlyList<T> choices) => choices[_random.Next(choices.Count)];

    /// <summary>Small numbers often, large ones seldom: up to <paramref name="most"/>.</summary>
    public int Size(int most) => (int)Math.Min(most, Math.Pow(most + 1.0, _random.NextDouble()) - 1);

    private static int Seed(long seed, string surface, long index)
        => BitConverter.ToInt32(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(FormattableString.Invariant($"{seed} {surface} {index}"))));
}
