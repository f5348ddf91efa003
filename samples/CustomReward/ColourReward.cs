using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rewards.Parsing;

namespace CustomReward;

/// <summary>1 for the labelled colour, 0.5 for the right hue in another shade ("light blue" for "dark blue"), else 0.</summary>
public sealed class ColourReward : IRewardFunction
{
    private static readonly string[] Shades = ["dark", "light", "pale"];

    public string Name => "colour";

    public double? Score(VisionExample example, Completion completion)
    {
        if (example.Target is not TextTarget label) return null;             // not a question about a colour
        if (string.IsNullOrWhiteSpace(label.Text)) throw new InvalidDataException("Expected a colour in the label, got a blank one.");
        if (ThinkAnswerText.Answer(completion.Text) is not { } answer) return 0;
        var (given, wanted) = (answer.ToLowerInvariant(), label.Text.Trim().ToLowerInvariant());
        return given == wanted ? 1 : Hue(given) is { Length: > 0 } hue && hue == Hue(wanted) ? 0.5 : 0;
    }

    private static string Hue(string colour)
    {
        var shade = Shades.FirstOrDefault(s => colour.StartsWith(s + " ", StringComparison.Ordinal));
        return shade is null ? colour : colour[(shade.Length + 1)..].Trim();
    }
}
