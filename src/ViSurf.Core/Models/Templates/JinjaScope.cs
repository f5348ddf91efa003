namespace ViSurf.Core.Models.Templates;

/// <summary>A name that stands for nothing: printed as nothing, false, empty; anything else that is done with it is an error.</summary>
internal sealed record JinjaUndefined(string Name);

/// <summary>What <c>namespace(…)</c> makes: attributes that may be set from inside a loop.</summary>
internal sealed class JinjaNamespace
{
    public Dictionary<string, object?> Values { get; } = new(StringComparer.Ordinal);
}

/// <summary>A macro, or a function of the language.</summary>
/// <param name="Call">Positional and named arguments to a value.</param>
internal sealed record JinjaFunction(Func<IReadOnlyList<object?>, IReadOnlyDictionary<string, object?>, object?> Call);

/// <summary>Names and their values; a loop's body has its own, an <c>if</c> has not.</summary>
internal sealed class JinjaScope(JinjaScope? outer, JinjaBudget budget)
{
    private readonly Dictionary<string, object?> _names = new(StringComparer.Ordinal);

    /// <summary>What the rendering may still do.</summary>
    public JinjaBudget Budget => budget;

    public JinjaScope Inner() => new(this, budget);

    public object? Find(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
            if (scope._names.TryGetValue(name, out var value)) return value;
        return new JinjaUndefined(name);
    }

    public void Set(string name, object? value) => _names[name] = value;

    private JinjaScope? Outer => outer;
}

/// <summary>Bounds of one rendering: a template comes from anywhere and may be one that never ends.</summary>
internal sealed class JinjaBudget
{
    private const int MostSteps = 2_000_000, LongestText = 1 << 26, Deepest = 64;
    private int _steps, _depth;

    public void Step(int characters = 0)
    {
        if ((_steps += 1 + characters / 256) > MostSteps) throw new FormatException($"rendering takes more than {MostSteps} steps");
    }

    /// <summary>Counts a text that was made.</summary>
    public string Text(string text)
    {
        if (text.Length > LongestText) throw new FormatException($"a text has more than {LongestText} characters");
        Step(text.Length);
        return text;
    }

    public T Deeper<T>(Func<T> call)
    {
        if (++_depth > Deepest) throw new FormatException($"macros call each other more than {Deepest} deep");
        var result = call();
        _depth--;
        return result;
    }
}
