namespace ViSurf.Core.Fuzz.Running;

/// <summary>What became of a surface's inputs.</summary>
/// <param name="surface">Its name.</param>
internal sealed class Tally(string surface)
{
    private readonly List<Failure> _failures = [];

    public string Surface => surface;

    public long Tried { get; private set; }

    public long Refused { get; private set; }

    public double Seconds { get; set; }

    public IReadOnlyList<Failure> Failures => _failures;

    public void Add(long tried, long refused) => (Tried, Refused) = (Tried + tried, Refused + refused);

    /// <summary>Takes a failure in.</summary>
    /// <returns>Whether it is one of a new sort.</returns>
    public bool Add(Failure failure)
    {
        var isNew = _failures.All(f => f.Gist != failure.Gist);
        _failures.Add(failure);
        return isNew;
    }
}
