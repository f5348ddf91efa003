using ViSurf.Core.Data;
using ViSurf.Core.Encoding;

namespace ViSurf.Core.Training;

/// <summary>An encoder that has the prompts of some examples ready. Each is given once; asked again, it encodes again.</summary>
/// <param name="encoder">Encodes what is not ready.</param>
/// <param name="capacity">Most prompts that wait to be taken; the oldest leave.</param>
internal sealed class PrefetchedPrompts(IPromptEncoder encoder, int capacity) : IPromptEncoder, IDisposable
{
    private readonly Lock _gate = new();
    private readonly LinkedList<PrefetchedRow> _waiting = [];
    private readonly Dictionary<VisionExample, LinkedListNode<PrefetchedRow>> _byExample = new(ReferenceEqualityComparer.Instance);
    private bool _disposed;

    /// <summary>Takes the rows that were handed out together; all of them wait, and older ones as far as there is room.</summary>
    public void Add(IReadOnlyList<PrefetchedRow> rows)
    {
        lock (_gate)
        {
            foreach (var row in rows)
            {
                var node = new LinkedListNode<PrefetchedRow>(row);
                // A stream over rows in memory hands out the same object in every epoch.
                if (!_disposed && _byExample.TryAdd(row.Example!, node)) _waiting.AddLast(node);
                else row.Abandon();
            }
            while (_waiting.Count > Math.Max(capacity, rows.Count))
            {
                var oldest = _waiting.First!.Value;
                Remove(oldest.Example!);
                oldest.Abandon();
            }
        }
    }

    public EncodedPrompt Encode(VisionExample example)
    {
        PrefetchedRow? ready;
        lock (_gate) ready = Remove(example);
        return ready is null ? encoder.Encode(example) : ready.Take();
    }

    public IReadOnlyList<int> EncodeAnswer(string text) => encoder.EncodeAnswer(text);

    public VisionExample InModelFrame(VisionExample example) => encoder.InModelFrame(example);

    public string Decode(IReadOnlyList<int> tokenIds) => encoder.Decode(tokenIds);

    public string AnswerOpening => encoder.AnswerOpening;

    public IReadOnlyList<string> ControlTokens => encoder.ControlTokens;

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var row in _waiting) row.Abandon();
            _waiting.Clear();
            _byExample.Clear();
            _disposed = true;
        }
    }

    private PrefetchedRow? Remove(VisionExample example)
    {
        if (!_byExample.Remove(example, out var node)) return null;
        _waiting.Remove(node);
        return node.Value;
    }
}
