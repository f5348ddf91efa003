namespace ViSurf.Core.Common;

/// <summary>
/// Random numbers as a pure function of their address: (seed, step, prompt, copy, position). Nothing else in the library creates
/// randomness, so the same seed draws by the same numbers whatever the batch, the order of the prompts or the rows that leave early. On the
/// CPU in float32 the rollouts are the same then; on a GPU the logits depend on the number of rows in their last bits, in bfloat16 visibly.
/// </summary>
/// <remarks>Counter-based: every address is mixed with the SplitMix64 finaliser (Steele, Lea, Flood, 2014); no state is kept.</remarks>
public static class SeedStream
{
    /// <summary>A 64-bit value that depends on every part of the address.</summary>
    public static ulong Bits(long seed, long step, ulong prompt, long copy, long position)
    {
        var h = Mix((ulong)seed + 0x9E3779B97F4A7C15UL);
        h = Mix(h ^ ((ulong)step + 0xD1B54A32D192ED03UL));
        h = Mix(h ^ (prompt + 0x8CB92BA72F3D8DD7UL));
        h = Mix(h ^ ((ulong)copy + 0xABC98388FB8FAC03UL));
        return Mix(h ^ ((ulong)position + 0x2545F4914F6CDD1DUL));
    }

    /// <summary>A uniform number in [0, 1) with 53 random bits.</summary>
    public static double Uniform(long seed, long step, ulong prompt, long copy, long position)
        => (Bits(seed, step, prompt, copy, position) >> 11) * (1.0 / (1UL << 53));

    /// <summary>A seed for <see cref="Random"/> or a shuffle, drawn from (seed, purpose, index).</summary>
    public static int Derive(long seed, string purpose, long index = 0)
        => (int)(Bits(seed, index, Key(purpose), 0, 0) >> 33);

    /// <summary>A stable 64-bit key of a text (FNV-1a), the same on every machine and in every process.</summary>
    public static ulong Key(string text)
    {
        Guard.NotNull(text);
        var h = 14695981039346656037UL;
        foreach (var c in text)
        {
            h = (h ^ (byte)c) * 1099511628211UL;
            h = (h ^ (byte)(c >> 8)) * 1099511628211UL;
        }
        return h;
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
