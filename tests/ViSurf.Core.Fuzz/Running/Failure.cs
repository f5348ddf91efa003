using System.Text.RegularExpressions;

namespace ViSurf.Core.Fuzz.Running;

/// <summary>What went wrong with one input.</summary>
/// <param name="Surface">Where.</param>
/// <param name="Index">Which input; with the seed it is the input.</param>
/// <param name="Kind">failure, crash, hang or memory.</param>
/// <param name="Message">What was seen.</param>
internal sealed partial record Failure(string Surface, long Index, string Kind, string Message)
{
    /// <summary>The message's beginning without what differs from input to input: to count alike ones together.</summary>
    public string Gist
    {
        get
        {
            var said = Varying().Replace(Message.Split('\n')[0], "");
            return $"{Kind} {said[..Math.Min(said.Length, 50)]}";
        }
    }

    /// <summary>The first line and the place in the library.</summary>
    public string Brief => string.Join(Environment.NewLine + "        ", Message.Split('\n').Where((line, i) => i == 0
        || line.Contains("/ViSurf.Core", StringComparison.Ordinal)).Take(3).Select(line => line[..Math.Min(line.Length, 500)]));

    [GeneratedRegex(@"'[^']*'|""[^""]*""|\d+")]
    private static partial Regex Varying();
}
