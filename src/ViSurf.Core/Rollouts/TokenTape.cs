using ViSurf.Core.Data;

namespace ViSurf.Core.Rollouts;

/// <summary>What one row has written so far.</summary>
/// <param name="promptIndex">Its prompt in the request's batch.</param>
/// <param name="exampleId">Its prompt's example, for messages.</param>
/// <param name="promptKey">Its prompt in the address of random numbers.</param>
/// <param name="copy">Which of the prompt's completions.</param>
public sealed class TokenTape(int promptIndex, string exampleId, ulong promptKey, int copy)
{
    private readonly List<int> _ids = [];
    private readonly List<float> _logProbs = [];

    /// <summary>Its prompt in the request's batch.</summary>
    public int PromptIndex => promptIndex;

    /// <summary>Its prompt's example, for messages.</summary>
    public string ExampleId => exampleId;

    /// <summary>Its prompt in the address of random numbers.</summary>
    public ulong PromptKey => promptKey;

    /// <summary>Which of the prompt's completions.</summary>
    public int Copy => copy;

    /// <summary>Tokens written, which is also the position of the next one.</summary>
    public int Length => _ids.Count;

    /// <summary>Why it ended, or null while it goes on.</summary>
    public FinishReason? Finished { get; private set; }

    /// <summary>Writes one token and notices the end.</summary>
    /// <param name="id">The token.</param>
    /// <param name="logProb">Its log-probability.</param>
    /// <param name="stopIds">Tokens that end a completion.</param>
    /// <param name="maxNewTokens">Most tokens.</param>
    /// <exception cref="InvalidOperationException">The tape has ended.</exception>
    public void Append(int id, float logProb, IReadOnlySet<int> stopIds, int maxNewTokens)
    {
        ArgumentNullException.ThrowIfNull(stopIds);
        if (Finished is not null) throw new InvalidOperationException($"Expected a row of example '{exampleId}' that goes on, got one that ended ({Finished}) after {Length} tokens.");
        _ids.Add(id);
        _logProbs.Add(logProb);
        if (stopIds.Contains(id)) Finished = FinishReason.Stop;
        else if (Length >= maxNewTokens) Finished = FinishReason.Length;
    }

    /// <summary>The completion.</summary>
    /// <exception cref="InvalidOperationException">The row goes on.</exception>
    public SampledTokens ToSample()
        => new(promptIndex, _ids, _logProbs, Finished
            ?? throw new InvalidOperationException($"Expected a row of example '{exampleId}' that has ended, got one that goes on after {Length} tokens."));
}
