using CsCheck;

namespace ViSurf.Core.Tests.Support;

/// <summary>Generators from lists.</summary>
internal static class Pick
{
    /// <summary>One of the values.</summary>
    public static Gen<T> From<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    /// <summary>The values in a random order.</summary>
    public static Gen<T[]> Shuffled<T>(T[] values) => Gen.Double[0, 1].Array[values.Length].Select(keys => values.Zip(keys).OrderBy(x => x.Second).Select(x => x.First).ToArray());
}
