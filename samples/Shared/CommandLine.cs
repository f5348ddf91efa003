namespace Samples.Shared;

/// <summary>One option of a sample program.</summary>
/// <param name="Name">As typed: "--steps".</param>
/// <param name="Value">What follows it, for the help: "N"; null for a switch.</param>
/// <param name="Help">One line.</param>
internal sealed record Option(string Name, string? Value, string Help);

/// <summary>The options of a sample program: parsing, checking and the help text.</summary>
internal sealed class CommandLine(string usage, params Option[] options)
{
    private static readonly Option HelpOption = new("--help", null, "show this text");
    private readonly Dictionary<string, string> _given = [];

    public bool WantsHelp => Has(HelpOption.Name);

    public string Help => usage + Environment.NewLine + Environment.NewLine + string.Join(Environment.NewLine,
        options.Append(HelpOption).Select(o => $"  {o.Name + " " + o.Value,-20} {o.Help}"));

    /// <exception cref="ArgumentException">An unknown option, a missing value, or an option given twice.</exception>
    public CommandLine Parse(IReadOnlyList<string> args)
    {
        for (var i = 0; i < args.Count; i++)
        {
            var name = args[i] is "-h" or "-?" ? HelpOption.Name : args[i];
            var option = options.Append(HelpOption).FirstOrDefault(o => o.Name == name)
                ?? throw new ArgumentException($"Unknown option '{name}'. Known are: {string.Join(", ", options.Select(o => o.Name))}, --help.");
            if (option.Value is not null && i + 1 >= args.Count) throw new ArgumentException($"Expected {option.Value} after {name}.");
            if (!_given.TryAdd(name, option.Value is null ? "" : args[++i])) throw new ArgumentException($"Option {name} was given twice.");
        }
        return this;
    }

    public bool Has(string name) => _given.ContainsKey(name);

    public string? Text(string name) => _given.GetValueOrDefault(name);

    /// <exception cref="ArgumentException">Not a whole number, or below <paramref name="least"/>.</exception>
    public int Number(string name, int otherwise, int least)
        => Text(name) is not { } text ? otherwise
            : int.TryParse(text, out var number) && number >= least ? number
            : throw new ArgumentException($"Expected a whole number of at least {least} after {name}, got '{text}'.");
}
