using CsCheck;
using FluentAssertions;
using ViSurf.Core.Rewards.Measures;
using Xunit;

namespace ViSurf.Core.Tests.Rewards.Measures;

public sealed class EditDistanceTests
{
    /// <summary>Few letters, so that much agrees; lengths around the 64 rows of a machine word and its multiples.</summary>
    private static readonly Gen<int[]> Sequences = Gen.OneOf(Gen.Int[0, 2].Array[0, 12], Gen.Int[0, 3].Array[60, 70], Gen.Int[0, 9].Array[120, 200]);

    [Fact]
    public void It_equals_the_quadratic_table()
        => Gen.Select(Sequences, Sequences).Sample((a, b) => EditDistance.Between(a, b).Should().Be(Table(a, b)), iter: 1500);

    [Fact]
    public void It_is_a_distance()
        => Gen.Select(Gen.String[Gen.Char["abc"], 0, 9], Gen.String[Gen.Char["abc"], 0, 9], Gen.String[Gen.Char["abc"], 0, 9]).Sample((a, b, c) =>
        {
            EditDistance.Between(a, b).Should().Be(EditDistance.Between(b, a));
            (EditDistance.Between(a, b) == 0).Should().Be(a == b);
            EditDistance.Between(a, c).Should().BeLessThanOrEqualTo(EditDistance.Between(a, b) + EditDistance.Between(b, c));
            EditDistance.Normalized(a, b).Should().BeInRange(0, 1);
        });

    [Theory]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("", "abc", 3)]
    [InlineData("", "", 0)]
    [InlineData("\U0001F600a", "\U0001F601a", 1)] // an emoji is one character
    public void Known_distances(string a, string b, int expected) => EditDistance.Between(a, b).Should().Be(expected);

    [Fact]
    public void Words_are_compared_as_words()
        // Three of four words stay: 1 / 4.
        => EditDistance.NormalizedWords("the red  car drives", "the blue car drives").Should().Be(0.25);

    private static int Table(int[] a, int[] b)
    {
        var table = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
            for (var j = 0; j <= b.Length; j++)
                table[i, j] = i == 0 ? j : j == 0 ? i
                    : Math.Min(Math.Min(table[i - 1, j], table[i, j - 1]) + 1, table[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
        return table[a.Length, b.Length];
    }
}
