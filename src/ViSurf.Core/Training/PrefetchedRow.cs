using System.Runtime.ExceptionServices;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;

namespace ViSurf.Core.Training;

/// <summary>A row read ahead, or the error in its place, with the prompt that becomes ready. Owns the prompt until it is taken.</summary>
internal sealed class PrefetchedRow
{
    private readonly object _gate = new();
    private EncodedPrompt? _prompt;
    private ExceptionDispatchInfo? _encodeFailure;
    private bool _ready, _abandoned;

    public PrefetchedRow(VisionExample example, string positionAfter) => (Example, PositionAfter) = (example, positionAfter);

    public PrefetchedRow(Exception failure) => (Failure, PositionAfter) = (ExceptionDispatchInfo.Capture(failure), "");

    /// <summary>Null for a row that could not be read.</summary>
    public VisionExample? Example { get; }

    /// <summary>Why it could not be read.</summary>
    public ExceptionDispatchInfo? Failure { get; }

    /// <summary>Where the stream stands behind this row.</summary>
    public string PositionAfter { get; }

    /// <summary>Encodes the prompt; on a thread that works ahead.</summary>
    public void Encode(IPromptEncoder encoder)
    {
        EncodedPrompt? prompt = null;
        ExceptionDispatchInfo? failure = null;
        try
        {
            lock (_gate)
                if (_abandoned) return;
            prompt = encoder.Encode(Example!);
        }
        catch (Exception e)
        {
            failure = ExceptionDispatchInfo.Capture(e);
        }
        lock (_gate)
        {
            if (_abandoned) prompt?.Dispose();
            else (_prompt, _encodeFailure) = (prompt, failure);
            _ready = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits for the prompt, which becomes the caller's; throws what encoding it threw.</summary>
    public EncodedPrompt Take()
    {
        lock (_gate)
        {
            while (!_ready) Monitor.Wait(_gate);
            _encodeFailure?.Throw();
            var prompt = _prompt!;
            _prompt = null;
            return prompt;
        }
    }

    /// <summary>Frees the prompt now, or when it is ready.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            _abandoned = true;
            _prompt?.Dispose();
            _prompt = null;
        }
    }
}
