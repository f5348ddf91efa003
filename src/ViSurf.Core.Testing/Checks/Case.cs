using System.Globalization;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Testing.Checks;

/// <summary>One completion to score.</summary>
/// <param name="Example">Its example.</param>
/// <param name="Name">For messages.</param>
/// <param name="Kind">What it tries; null for the label.</param>
/// <param name="Completion">The completion.</param>
internal sealed record Case(VisionExample Example, string Name, AdversarialKind? Kind, Completion Completion)
{
    public override string ToString() => $"example '{Example.Id}', {Name}";

    /// <summary>The value as text, or the exception's type: what two scorings are compared by.</summary>
    public string Outcome(IRewardFunction reward)
    {
        try
        {
            return Text(reward.Score(Example, Completion));
        }
        catch (Exception e)
        {
            return e.GetType().Name;
        }
    }

    /// <summary>All digits, so that equal texts are equal numbers.</summary>
    public static string Text(double? value) => value is { } number ? number.ToString("R", CultureInfo.InvariantCulture) : "does not apply";

    /// <summary>The value, or null where the reward does not apply or throws (another check says so).</summary>
    public double? Value(IRewardFunction reward)
    {
        try
        {
            return reward.Score(Example, Completion);
        }
        catch (Exception)
        {
            return null;
        }
    }
}

/// <summary>What a check found.</summary>
/// <param name="Problems">Empty when it holds.</param>
/// <param name="Skipped">Why it could not be made; null when it was.</param>
internal sealed record Finding(IReadOnlyList<string> Problems, string? Skipped = null)
{
    public static Finding Of(IEnumerable<string> problems) => new([.. problems]);

    public static Finding LeftOut(string reason) => new([], reason);
}
